"""What police, social workers and nurses write around what they know; `{}` is where it stands.

No sentence stands twice in one narrative, so that the words around a mention tell where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Sentences = Mapping[str, Mapping[str, tuple[str, ...]]]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


# by language and kind of value
MENTIONS: Final[Sentences] = {
    "en": {
        "name": _lines(
            """{} told officers that there had been shouting since the afternoon.
            Control received a call from {} and a unit was sent.
            On arrival {} was standing outside without shoes.
            Spoke to {} alone in the kitchen, away from everyone else.
            It is alleged that {} pushed the door open with force.
            VICTIM={} (visibly shaken, offered a chair).
            Bruising on the left arm was shown by {}.
            A neighbour heard {}, then glass breaking.
            Health visitor spoke with {}; no further concerns were raised.
            Present at the meeting: {}; the headteacher joined late.
            Informed consent was discussed with {}.
            The phone belonged to "{}" according to the label.
            [{}] declined to sign the statement.
            This was the third call about {} within the month.
            {} has been arguing about money since the spring.
            Seen by triage: {}, presenting with a sore wrist.
            Message on screen read - {} - do not come home.
            The bag was marked {}
            Contact between {}/older sibling is to be supervised."""
        ),
        "date": _lines(
            """The first row happened on {} after the visit.
            Injuries are said to go back to {}.
            Recorded in the log for {}: loud music and a threat.
            She recalls ({}) because the boiler broke down.
            Appointment card shows {} as the day.
            Nothing was reported before {}, as far as is known.
            Entered under {} in the health record.
            File note {}: spoke to the ward sister."""
        ),
        "phone": _lines(
            """Best reached on {} after work.
            Missed calls from {} were seen on the handset.
            Please ring {}; leave no message.
            The sender's number was {}.
            Tel: {} (switch board unaware)."""
        ),
        "address": _lines(
            """Officers were called to {} because of a disturbance.
            The family has lived at {} for several years.
            Keys to {} were handed back.
            The taxi waited near {}, engine running.
            Property searched: {}; nothing was found."""
        ),
        "postcode": _lines(
            """The satnav was set to {} that evening.
            Parcels went to {} by mistake.
            Area checked ({}) without result."""
        ),
        "reference": _lines(
            """See also {} for the earlier report.
            Linked to {} on the system.
            Quote {} when replying.
            The statement is filed as {}."""
        ),
        "mail": _lines(
            """Photographs were sent to {} the same evening.
            Reply to {} please.
            Write to {}, not to the shared mailbox."""
        ),
        "text": _lines(
            """The record notes {} as relevant.
            It was explained that {} applies here.
            Considered: {}; risk assessment updated."""
        ),
    },
    "de": {
        "name": _lines(
            """{} gab an, seit Stunden angeschrien worden zu sein.
            Beim Eintreffen stand {} barfuß im Treppenhaus.
            Die Streife sprach mit {} allein in der Küche.
            Laut Nachbarin habe {} mehrfach gegen die Tür geschlagen.
            Hämatome am Oberarm wurden von {} gezeigt.
            Anwesend: {}; die Schulleitung kam später.
            Das Handy gehört {} laut Aufkleber.
            [{}] verweigerte die Unterschrift."""
        ),
        "date": _lines(
            """Der erste Streit war am {} nach dem Besuch.
            Im Protokoll steht {} als Tag der Meldung.
            Verletzungen gehen zurück auf {}, so die Ärztin.
            Vermerk ({}): Gespräch auf der Station."""
        ),
        "phone": _lines(
            """Erreichbar unter {} nach der Arbeit.
            Anrufe von {} waren sichtbar.
            Rückruf bitte nur auf {}."""
        ),
        "address": _lines(
            """Einsatz in der Wohnung {} wegen Lärms.
            Die Familie wohnt seit Jahren hier: {}, dritter Stock.
            Schlüssel für {} wurden abgegeben."""
        ),
        "postcode": _lines(
            """Das Navi zeigte {} an.
            Pakete gingen irrtümlich nach {} zurück."""
        ),
        "reference": _lines(
            """Siehe auch {} zur früheren Meldung.
            Das Aktenzeichen lautet {}."""
        ),
        "mail": _lines(
            """Fotos gingen an {} noch am Abend.
            Antwort bitte an {} senden."""
        ),
        "text": _lines(
            """Vermerkt wurde {} als wesentlich.
            Zu beachten: {}; Einschätzung angepasst."""
        ),
    },
    "es": {
        "name": _lines(
            """{} declaró que los gritos empezaron por la tarde.
            Al llegar la patrulla, {} estaba descalza en el portal.
            Se habló con {} a solas en la cocina.
            Según una vecina, {} golpeó la puerta varias veces.
            Los hematomas fueron mostrados por {}.
            Presentes: {}; la directora llegó tarde.
            El teléfono era de {} según la etiqueta.
            [{}] no quiso firmar."""
        ),
        "date": _lines(
            """La primera discusión fue el {} tras la visita.
            En el acta figura {} como fecha del aviso.
            Las lesiones se remontan a {}, según la doctora.
            Nota ({}): conversación en planta."""
        ),
        "phone": _lines(
            """Se puede llamar al {} después del trabajo.
            Llamadas perdidas de {} en la pantalla.
            Devolver la llamada sólo al {}."""
        ),
        "address": _lines(
            """Intervención en {} por ruidos.
            La familia vive desde hace años en {}, tercer piso.
            Se devolvieron las llaves de {} ayer."""
        ),
        "postcode": _lines(
            """El navegador mostraba {} al llegar.
            Los paquetes se enviaron a {} por error."""
        ),
        "reference": _lines(
            """Véase también {} sobre el aviso anterior.
            El expediente es {}."""
        ),
        "mail": _lines(
            """Las fotos se enviaron a {} esa noche.
            Responder a {} por favor."""
        ),
        "text": _lines(
            """Consta {} como relevante.
            Se valoró: {}; riesgo revisado."""
        ),
    },
}
# for people, places and numbers of which the event knows nothing
UNKNOWN: Final[Sentences] = {
    "en": {
        "name": _lines(
            """The caller's colleague {} will follow this up.
            A passer-by called {} held the dog.
            Statement taken from {}, who lives opposite."""
        ),
        "address": _lines(
            """The car was later found outside {} with a flat tyre.
            His brother's garage is at {} by the canal."""
        ),
        "phone": _lines(
            """The garage can be rung on {} in the mornings.
            Witness line: {} until noon."""
        ),
        "mail": _lines(
            """The landlord writes from {} only.
            Copies of invoices went to {} by mistake."""
        ),
        "date of birth": _lines(
            """The witness was born on {} in this town.
            Lodger, DOB {}, was asleep upstairs."""
        ),
        "postcode": _lines("""The van is kept somewhere in {} during the week."""),
        "national id": _lines("""A payslip with {} on it lay in the hall."""),
        "IBAN": _lines("""Rent is paid to {} by standing order."""),
        "number plate": _lines("""A grey van, {}, was parked across the drive."""),
    },
    "de": {
        "name": _lines("""Eine Passantin namens {} hielt den Hund fest."""),
        "address": _lines("""Das Auto stand später vor dem Haus {} mit plattem Reifen."""),
        "phone": _lines("""Die Werkstatt ist vormittags unter {} zu sprechen."""),
        "mail": _lines("""Der Vermieter schreibt nur von {} aus."""),
        "date of birth": _lines("""Der Zeuge, geboren am {}, wartete im Hof."""),
        "postcode": _lines("""Der Transporter steht werktags in {} am Bahnhof."""),
        "national id": _lines("""Im Flur lag eine Lohnabrechnung mit {} darauf."""),
        "IBAN": _lines("""Die Miete geht per Dauerauftrag an {} seit Mai."""),
        "number plate": _lines("""Ein grauer Transporter, {}, stand vor der Einfahrt."""),
    },
    "es": {
        "name": _lines("""Una transeúnte llamada {} sujetó al perro."""),
        "address": _lines("""El coche apareció frente a {} con una rueda pinchada."""),
        "phone": _lines("""El taller atiende en el {} por las mañanas."""),
        "mail": _lines("""El casero escribe sólo desde {} siempre."""),
        "date of birth": _lines("""El testigo, nacido el {}, esperaba en el patio."""),
        "postcode": _lines("""La furgoneta se guarda entre semana en {} al sur."""),
        "national id": _lines("""En la entrada había una nómina con {} a la vista."""),
        "IBAN": _lines("""El alquiler se paga a {} cada mes."""),
        "number plate": _lines("""Una furgoneta gris, {}, bloqueaba la salida."""),
    },
}
INNOCENT: Final[Mapping[str, tuple[str, ...]]] = {
    "en": _lines(
        """Attended at 21:40 hrs, left about an hour later.
        The living room was tidy; one cup was broken.
        A&E discharged with painkillers and a leaflet.
        No weapons were seen and nobody else was at home.
        CPS advice was sought about a domestic violence protection notice.
        He had drunk about four pints and was calm when spoken to.
        Rent of £640 is in arrears since the winter.
        Schoolwork is good; attendance stands at 94% this term.
        Blood pressure 135/85, pulse 88, temperature 36.8.
        Body-worn video was switched on throughout.
        A safety plan was agreed and a panic alarm offered.
        The dog barked at the postman, which started the row.
        Both adults speak enough English to do without an interpreter.
        A Marac referral was completed with a score above the threshold.
        The next core group meets on Wednesday at the Town Hall.
        A strategy discussion took place by video link.
        Tablets were counted: 16 left of a box of 28.
        Support was offered, but the letter came back.
        Door frame damaged, lock still works.
        It was raining, and the street lamps were off."""
    ),
    "de": _lines(
        """Eintreffen gegen 21:40 Uhr, Abfahrt eine Stunde später.
        Das Wohnzimmer war aufgeräumt; eine Tasse war zerbrochen.
        Die Notaufnahme entließ mit Schmerzmitteln.
        Waffen wurden nicht gesehen, sonst war niemand zu Hause.
        Eine Wegweisung für zehn Tage wurde ausgesprochen.
        Die Miete von 640 Euro ist im Rückstand.
        Blutdruck 135/85, Puls 88.
        Ein Schutzplan wurde vereinbart.
        Es regnete, und die Straßenlampen waren aus."""
    ),
    "es": _lines(
        """Llegada hacia las 21:40, salida una hora después.
        El salón estaba ordenado; había una taza rota.
        En urgencias le dieron analgésicos y el alta.
        No se vieron armas y no había nadie más en casa.
        El alquiler de 640 euros está sin pagar.
        Tensión 135/85, pulso 88.
        Se acordó un plan de seguridad.
        Llovía y las farolas estaban apagadas."""
    ),
}
